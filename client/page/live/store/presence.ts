/** `api-only`: the server answers, but the page's WebSocket does not reach it. */
export type ServerPresence = 'connecting' | 'ready' | 'api-only' | 'gone'

/** Whether the lanes run in this tab. */
export type TabRole = 'deciding' | 'owner' | 'viewer'

/** No lane reaches the server, though the page does. */
export interface Outage {
  /** Null where the lanes use the page's own port. */
  readonly port: number | null
  /** Something answers there, but not the lab. */
  readonly answered: boolean
}
