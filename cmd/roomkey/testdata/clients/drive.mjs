// Puts an MCP client of somebody else's into the hands of a Go test. The first
// argument says which client and how it connects. After that each line on
// standard input is a call of one of the client's methods, {"method", "params"},
// and each line on standard output what came of it: {"result"} or {"thrown"},
// with what the client complained of meanwhile in "errors".
import { createInterface } from 'node:readline'

const { library, options, url, token, server, signIn } = JSON.parse(process.argv[2])
const v1 = library === 'sdk'
const [{ Client }, { StreamableHTTPClientTransport }, { StdioClientTransport }] = await Promise.all(
  v1
    ? [
        import('@modelcontextprotocol/sdk/client/index.js'),
        import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
        import('@modelcontextprotocol/sdk/client/stdio.js'),
      ]
    : [
        import('@modelcontextprotocol/client'),
        import('@modelcontextprotocol/client'),
        import('@modelcontextprotocol/client/stdio'),
      ],
)

// What a client that signs in keeps, and where it sends the person.
const kept = {}
const provider = {
  redirectUrl: signIn?.redirect,
  clientMetadataUrl: signIn?.document,
  clientMetadata: { client_name: 'Test agent', redirect_uris: [signIn?.redirect], scope: signIn?.scope },
  state: () => 'a state',
  clientInformation: () => kept.client,
  saveClientInformation: (client) => (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => (kept.tokens = tokens),
  redirectToAuthorization: (to) => (kept.to = String(to)),
  saveCodeVerifier: (verifier) => (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  discoveryState: () => kept.discovery,
  saveDiscoveryState: (state) => (kept.discovery = state),
}
const newTransport = () =>
  server
    ? new StdioClientTransport({ ...server, stderr: 'inherit' })
    : new StreamableHTTPClientTransport(
        new URL(url),
        signIn ? { authProvider: provider } : { requestInit: { headers: { Authorization: `Bearer ${token}` } } },
      )

let errors = []
const updates = []
let wakeUp = () => {}
const onUpdate = ({ params }) => {
  updates.push(params.uri)
  wakeUp()
}
const updated = v1
  ? (await import('@modelcontextprotocol/sdk/types.js')).ResourceUpdatedNotificationSchema
  : 'notifications/resources/updated'
const newClient = () => {
  const made = new Client({ name: 'test', version: '1' }, options)
  made.onerror = (error) => errors.push(String(error))
  made.setNotificationHandler(updated, onUpdate)
  return made
}
let transport = newTransport()
let client = newClient()
let subscription

const methods = {
  connect: () => client.connect(transport),
  welcome: () => ({
    server: client.getServerVersion(),
    version: v1 ? transport.protocolVersion : client.getNegotiatedProtocolVersion(),
    instructions: client.getInstructions(),
    capabilities: client.getServerCapabilities(),
  }),
  close: () => client.close(),
  // Without a token the client is refused, and says where the person has to go.
  signIn: async () => {
    const refused = await client.connect(transport).catch((error) => error)
    errors = []
    return { to: kept.to, refused: refused && refused.constructor.name }
  },
  // The person came back to the client.
  finish: async (callback) => {
    const { searchParams } = new URL(callback)
    await transport.finishAuth(v1 ? searchParams.get('code') : searchParams)
    transport = newTransport()
    client = newClient()
    await client.connect(transport)
    return kept.tokens
  },
  tokens: () => kept.tokens,
  // The access token is over, as after an hour.
  spoil: () => {
    kept.tokens = { ...kept.tokens, access_token: 'x' }
  },
  listen: async (filter) => {
    subscription = await client.listen(filter)
    return subscription.honoredFilter
  },
  stopListening: () => subscription.close(),
  nextUpdate: async () => {
    while (updates.length === 0) await new Promise((resolve) => (wakeUp = resolve))
    return updates.shift()
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { method, params } = JSON.parse(line)
  const out = {}
  try {
    out.result = (await (methods[method] ?? client[method].bind(client))(params)) ?? null
  } catch (error) {
    out.thrown = { message: String(error.message ?? error), code: error.code, data: error.data }
  }
  await new Promise((resolve) => setImmediate(resolve)) // what was complained of beside it
  console.log(JSON.stringify({ ...out, errors }))
  errors = []
}
await client.close()
process.exit()
