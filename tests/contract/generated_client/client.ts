// Registers a device and looks it up, with nothing but the OpenAPI documents to know the services by.
// One JSON object on standard input: the addresses, and an SPC in Base64. One on standard output: what was found.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths as ExpressPlay } from "./expressplay-mock.js";
import type { paths as Sees } from "./sees-server.js";

const given: Record<"sees" | "expressplay" | "authenticator" | "dummy" | "cookie" | "spc", string> = JSON.parse(
  readFileSync(0, "utf8"),
);
const sees = createClient<Sees>({ baseUrl: given.sees });
const expressplay = createClient<ExpressPlay>({ baseUrl: given.expressplay });

const entitlement = await sees.POST("/sees/SEESServlet", {
  body: {
    messageID: crypto.randomUUID(),
    version: 1,
    requestType: 2,
    contentID: given.dummy,
    customerCookie: given.cookie,
  },
});
const tokenUrl = new URL(entitlement.data?.epTokenURL ?? "about:blank");

const license = await expressplay.POST("/hms/fp/rights/", {
  params: { query: { ExpressPlayToken: tokenUrl.searchParams.get("ExpressPlayToken") ?? "" } },
  headers: { "Content-Type": "application/json" },
  body: { spc: given.spc },
});

const found = await expressplay.GET("/cmiapi/getrecord/", {
  params: { query: { customerAuthenticator: given.authenticator, cookie: given.cookie } },
});

console.log(
  JSON.stringify({
    allowed: entitlement.data?.isAllowed,
    license: license.response.status,
    device: found.data?.records[0]?.device_id,
  }),
);
