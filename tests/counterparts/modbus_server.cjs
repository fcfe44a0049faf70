// A Modbus TCP gateway on npm modbus-serial, which the product does not use.
// usage: node modbus_server.cjs PORT PLAN.json    (prints "ready PORT")
// PLAN: {"units": {"1": {"holding": {"52": 17530}, "input": {}, "coils": {}, "delay_ms": 0, "exception": 0, "silent": false}}}
// A register that is not in the plan is an illegal data address (exception 2).
const { readFileSync } = require("node:fs");
const { ServerTCP } = require("modbus-serial");

const plan = JSON.parse(readFileSync(process.argv[3], "utf8"));

function refusal(code) {
  return Object.assign(new Error(`exception ${code}`), { modbusErrorCode: code });
}

function reader(space, missing) {
  return (address, unitId, done) => {
    const unit = plan.units[unitId];
    if (!unit) return done(refusal(11)); // gateway target device failed to respond
    if (unit.silent) return undefined;
    if (unit.exception) return done(refusal(unit.exception));
    const value = (unit[space] ?? {})[address] ?? missing;
    const answer = () => (value === undefined ? done(refusal(2)) : done(null, value));
    return unit.delay_ms ? setTimeout(answer, unit.delay_ms) : answer();
  };
}

const server = new ServerTCP(
  {
    getHoldingRegister: reader("holding"),
    getInputRegister: reader("input"),
    getCoil: reader("coils"),
    getDiscreteInput: reader("discrete"),
  },
  { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 255, debug: false },
);
server.on("socketError", () => {});
server.on("serverError", (error) => {
  console.error(error);
  process.exit(1);
});
server.on("initialized", () => console.log(`ready ${server._server.address().port}`));
