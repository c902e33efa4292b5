/** The techniques: their names, and where each is served. */

/** The techniques, in the order in which the lab always shows them. */
export const TECHNIQUES = ['poll', 'long-poll', 'sse', 'websocket'] as const
export type Technique = (typeof TECHNIQUES)[number]

/** Where each technique is served. */
export const ENDPOINTS = {
  poll: '/poll',
  'long-poll': '/long-poll',
  sse: '/sse',
  websocket: '/ws',
} as const satisfies Record<Technique, string>

/** Where a reader who cannot talk back on its own connection posts what it has to say. */
export const SAY_ENDPOINT = '/say'
/** The page's one own WebSocket: statistics and clock, for reading only. */
export const CONTROL_ENDPOINT = '/control'
