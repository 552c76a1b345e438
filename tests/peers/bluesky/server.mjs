// A Bluesky data server with a directory of identities of its own, on loopback, for as long as standard input is open.
// Prints one line of JSON when it is ready: {"url": ...}. Everything lies in the folder that is given.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import plc from '@did-plc/server'
import pds from '@atproto/pds'

const folder = process.argv[2]
mkdirSync(join(folder, 'blobs'), { recursive: true })

async function freePort() {
  const listener = createServer()
  await new Promise((done) => listener.listen(0, '127.0.0.1', done))
  const { port } = listener.address()
  await new Promise((done) => listener.close(done))
  return port
}

const plcPort = await freePort()
const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await directory.start()
const port = await freePort()
Object.assign(process.env, {
  LOG_ENABLED: 'false',
  PDS_DEV_MODE: 'true',
  PDS_HOSTNAME: 'localhost',
  PDS_PORT: String(port),
  PDS_DATA_DIRECTORY: folder,
  PDS_BLOBSTORE_DISK_LOCATION: join(folder, 'blobs'),
  PDS_DID_PLC_URL: `http://127.0.0.1:${plcPort}`,
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
  PDS_INVITE_REQUIRED: 'false',
  PDS_DISABLE_SSRF_PROTECTION: 'true',
  PDS_ADMIN_PASSWORD: randomBytes(16).toString('hex'),
  PDS_JWT_SECRET: randomBytes(16).toString('hex'),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: randomBytes(32).toString('hex'),
})
const env = pds.readEnv()
const server = await pds.PDS.create(pds.envToCfg(env), pds.envToSecrets(env))
await server.start()
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }))

process.stdin.resume()
process.stdin.on('end', async () => {
  await server.destroy()
  await directory.destroy()
  process.exit(0)
})
