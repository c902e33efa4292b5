/** `unheard`: it answers, but the page's WebSocket does not come through. */
export type ServerPresence = 'connecting' | 'ready' | 'unheard' | 'gone'

/** Whether the lanes run in this tab. */
export type TabRole = 'deciding' | 'owner' | 'viewer'

/** No lane reaches the server, though the page does. */
export interface Outage {
  /** Null where the lanes share the page's own. */
  readonly port: number | null
  /** Something answers there, but not the lab. */
  readonly answered: boolean
}
