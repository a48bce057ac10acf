// Puts an MCP client of somebody else's into the hands of a Go test. The first
// argument says which client and how it connects. After that each line on
// standard input is a call of one of the client's methods, {"method", "params"},
// and each line on standard output what came of it: {"result"} or {"thrown"},
// with what the client complained of meanwhile in "errors".
import { createInterface } from 'node:readline'

const { library, options, url, token, server } = JSON.parse(process.argv[2])
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

const transport = server
  ? new StdioClientTransport({ ...server, stderr: 'inherit' })
  : new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
    })
const client = new Client({ name: 'test', version: '1' }, options)
let errors = []
client.onerror = (error) => errors.push(String(error))

const methods = {
  connect: () => client.connect(transport),
  welcome: () => ({
    server: client.getServerVersion(),
    version: v1 ? transport.protocolVersion : client.getNegotiatedProtocolVersion(),
    instructions: client.getInstructions(),
    capabilities: client.getServerCapabilities(),
  }),
  close: () => client.close(),
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
