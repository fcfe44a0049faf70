# Shared by the commands in script/: where we are, and how we speak. Sourced, never run.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
home=${ENERFIELD_HOME:-var}
export PATH="$root/.venv/bin:$PATH"
export PIP_DISABLE_PIP_VERSION_CHECK=1 npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
export PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 # tests use the system's Chromium

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
fail() { printf 'enerfield: %s\n' "$*" >&2; exit 1; }
