"""What can be done with organisations, people and log-ins. The caller owns the transaction."""

from backend.tenancy.models import Application, OrganisationKind, PersonStatus
from backend.tenancy.service.applications import applications, demand_application, switch_application
from backend.tenancy.service.devices import (
    Device,
    DeviceLogin,
    devices,
    end_device,
    open_device,
    refresh,
    use_device,
)
from backend.tenancy.service.logins import (
    Gate,
    end_session,
    forget_old_logins,
    log_in,
    open_session,
    sessions,
    use_session,
)
from backend.tenancy.service.organisations import (
    create_organisation,
    found_region,
    organisation,
    rename_organisation,
    subtree,
    tops,
    widened,
)
from backend.tenancy.service.passwords import (
    INVITATION,
    RESET,
    ask_for_reset,
    change_password,
    give_password,
    issue_token,
    set_password,
    token_holder,
)
from backend.tenancy.service.people import (
    add_person,
    audit_trail,
    change_person,
    find_person,
    grant,
    invite,
    invite_again,
    memberships,
    people,
    person,
    reinstate,
    suspend,
    withdraw,
)
from backend.tenancy.service.scopes import scope_of, system_scope, system_scopes

__all__ = [
    "INVITATION", "RESET", "Application", "Device", "DeviceLogin", "Gate", "OrganisationKind",
    "PersonStatus", "add_person", "applications", "ask_for_reset",
    "audit_trail", "change_password", "change_person", "create_organisation", "demand_application", "devices",
    "end_device", "end_session", "find_person", "forget_old_logins", "found_region", "give_password", "grant", "invite",
    "invite_again", "issue_token", "log_in", "memberships", "open_device", "open_session", "organisation",
    "people", "person", "refresh", "reinstate", "rename_organisation", "scope_of", "sessions", "set_password",
    "subtree", "suspend", "switch_application", "system_scope", "system_scopes", "token_holder", "tops",
    "use_device", "use_session", "widened", "withdraw",
]  # fmt: skip
