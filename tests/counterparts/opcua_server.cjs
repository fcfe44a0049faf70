// An OPC UA server on node-opcua, which the product does not use: meters with changing values and bad status codes.
// usage: node opcua_server.cjs PORT FOLDER [secure|CROWD]   (prints "ready PORT"; FOLDER keeps the server's certificates;
// `secure`: nothing is offered without encryption or signature; CROWD: so many more variables, C0, C1, ...,
// that all change every 100 ms)
const { OPCUAServer, OPCUACertificateManager, DataType, DataValue, MessageSecurityMode, SecurityPolicy, StatusCodes, Variant, VariantArrayType } =
  require("node-opcua");

const POLICIES = [
  ...(process.argv[4] === "secure" ? [] : [SecurityPolicy.None]),
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];

(async () => {
  const certificates = new OPCUACertificateManager({ rootFolder: process.argv[3], automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const server = new OPCUAServer({
    port: Number(process.argv[2]),
    hostname: "127.0.0.1",
    alternateHostname: ["127.0.0.1", "localhost"],
    resourcePath: "/UA/meters",
    buildInfo: { productName: "Meters" },
    serverCertificateManager: certificates,
    securityPolicies: POLICIES,
    securityModes: [...(process.argv[4] === "secure" ? [] : [MessageSecurityMode.None]), MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: true,
    userManager: { isValidUser: (name, password) => name === "meter" && password === "secret" },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.getOwnNamespace();
  const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Plant" });
  let tick = 0;
  let tickedAt = new Date();
  setInterval(() => {
    tick += 1;
    tickedAt = new Date();
  }, 100);

  const add = (parent, name, type, read) =>
    own.addVariable({
      componentOf: parent,
      browseName: name,
      nodeId: `s=${parent === plant ? "" : parent.browseName.name + "."}${name}`,
      dataType: DataType[type],
      minimumSamplingInterval: 50,
      value: { timestamped_get: () => read(type) },
    });
  const variant = (type, value) => new Variant({ dataType: DataType[type], arrayType: VariantArrayType.Scalar, value });
  const good = (value) => (type) =>
    new DataValue({ value: variant(type, value()), statusCode: StatusCodes.Good, sourceTimestamp: new Date() });
  const told = (value, status, at) => (type) =>
    new DataValue({ value: variant(type, value), statusCode: status(), sourceTimestamp: at() });

  for (const [meter, base] of [["E01", 1234.5], ["W01", 10.0]]) {
    const object = own.addObject({ componentOf: plant, browseName: meter });
    add(object, "Energy_kWh", "Double", good(() => base + tick * 0.5));
    add(object, "Power_kW", "Float", good(() => 30 + 10 * Math.sin(tick / 10)));
    add(object, "Counter", "UInt32", (type) => told(tick, () => StatusCodes.Good, () => tickedAt)(type)); // one value an instant
    add(object, "Ok", "Boolean", good(() => tick % 20 < 18));
  }
  const now = () => new Date();
  const still = new Date(Date.now() - 60_000);
  add(plant, "Int16", "Int16", good(() => -1234));
  add(plant, "Int64", "Int64", good(() => [1, 5])); // node-opcua: [high, low] words, 2 ** 32 + 5
  add(plant, "Constant", "Double", told(21.5, () => StatusCodes.Good, () => still));
  add(plant, "Broken", "Double", told(7.0, () => StatusCodes.BadSensorFailure, now));
  add(plant, "Doubtful", "Double", told(8.0, () => StatusCodes.UncertainSensorNotAccurate, now));
  add(plant, "Future", "Double", told(9.0, () => StatusCodes.Good, () => new Date(Date.now() + 3_600_000)));
  add(plant, "Text", "String", good(() => "open"));
  add(plant, "NotANumber", "Double", good(() => NaN));

  const crowd = own.addObject({ componentOf: plant, browseName: "Crowd" });
  for (let i = 0; i < (Number(process.argv[4]) || 0); i++) add(crowd, `C${i}`, "Double", good(() => tick + i));

  await server.start();
  console.log(`ready ${process.argv[2]}`);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
