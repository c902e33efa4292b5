import type { AddressInfo, Server } from 'node:net'

/** The backlog of the server (`server/listen.ts`), so that what is compared with it accepts as many at once. */
const LISTEN_BACKLOG = 4096

/** Listens on a free port of this machine and returns it. */
export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', LISTEN_BACKLOG, () => resolve((server.address() as AddressInfo).port))
  })
}
