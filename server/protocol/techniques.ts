/** The techniques: their names, and everything that other code needs to know about one to treat it as one of many. */

/** The names, in the order in which the lab always shows them. */
export const TECHNIQUES = ['poll', 'long-poll', 'sse', 'websocket', 'fetch-stream'] as const
export type Technique = (typeof TECHNIQUES)[number]

export interface TechniqueTraits {
  /** The path at which it is served. */
  readonly endpoint: `/${string}`
  /** `answers`: each batch of events is the answer to a request. `stream`: one connection brings all that follows. */
  readonly delivery: 'answers' | 'stream'
  /**
   * When a client of `answers` sends its next request: by the clock, or as soon as it has the answer to the last one,
   * which the server holds until there is something to say. `null` for a stream, whose client sends one request only.
   */
  readonly requests: 'at-intervals' | 'held' | null
  /** The connection begins with an HTTP upgrade. */
  readonly upgrades: boolean
  /** The client may talk back on the same connection. All others send a `POST` to `SAY_ENDPOINT`. */
  readonly twoWay: boolean
  /** The media type of its answers; `null` if it leaves HTTP by an upgrade. */
  readonly mediaType: 'application/json' | 'text/event-stream' | 'application/x-ndjson' | null
  /**
   * How a client is told to come back later: by a status (429 or 503), or, if its clients take every status but 200 as
   * final, by a stream with only a `bye` in it.
   */
  readonly laterBy: 'status' | 'bye'
  /** Its native client reconnects by itself after a cut. */
  readonly reconnectsByItself: boolean
  /** The others are compared with this one, which runs twice in each block of the bench. One technique only. */
  readonly isReference: boolean
  /** Its lane is on the live page from the start. Others are switched on from the lanes' menu. */
  readonly laneAtFirst: boolean
  /** Colour, shape and name always go together. */
  readonly colour: { readonly light: `#${string}`; readonly dark: `#${string}` }
  readonly shape: Shape
}

export type Shape = 'square' | 'diamond' | 'triangle' | 'circle' | 'triangle-down' | 'bar'

export const TRAITS = {
  poll: {
    endpoint: '/poll',
    delivery: 'answers',
    requests: 'at-intervals',
    upgrades: false,
    twoWay: false,
    mediaType: 'application/json',
    laterBy: 'status',
    reconnectsByItself: false,
    isReference: false,
    laneAtFirst: true,
    colour: { light: '#b78438', dark: '#f0ac04' },
    shape: 'square',
  },
  'long-poll': {
    endpoint: '/long-poll',
    delivery: 'answers',
    requests: 'held',
    upgrades: false,
    twoWay: false,
    mediaType: 'application/json',
    laterBy: 'status',
    reconnectsByItself: false,
    isReference: false,
    laneAtFirst: true,
    colour: { light: '#79028e', dark: '#d9488a' },
    shape: 'diamond',
  },
  sse: {
    endpoint: '/sse',
    delivery: 'stream',
    requests: null,
    upgrades: false,
    twoWay: false,
    mediaType: 'text/event-stream',
    laterBy: 'bye',
    reconnectsByItself: true,
    isReference: true,
    laneAtFirst: true,
    colour: { light: '#055f2a', dark: '#3cf0dc' },
    shape: 'triangle',
  },
  websocket: {
    endpoint: '/ws',
    delivery: 'stream',
    requests: null,
    upgrades: true,
    twoWay: true,
    mediaType: null,
    laterBy: 'status',
    reconnectsByItself: false,
    isReference: false,
    laneAtFirst: true,
    colour: { light: '#2d72ee', dark: '#2092fc' },
    shape: 'circle',
  },
  'fetch-stream': {
    endpoint: '/stream',
    delivery: 'stream',
    requests: null,
    upgrades: false,
    twoWay: false,
    mediaType: 'application/x-ndjson',
    laterBy: 'status',
    reconnectsByItself: false,
    isReference: false,
    laneAtFirst: false,
    colour: { light: '#cc306c', dark: '#90843c' },
    shape: 'triangle-down',
  },
} as const satisfies Record<Technique, TechniqueTraits>

/** The paths of all techniques. */
export const ENDPOINTS: readonly string[] = TECHNIQUES.map(technique => TRAITS[technique].endpoint)

/** The traits of one technique, as one of many: a literal type per technique would invite branching on the name. */
export function traitsOf(technique: Technique): TechniqueTraits {
  return TRAITS[technique]
}

export function isStream(technique: Technique): boolean {
  return traitsOf(technique).delivery === 'stream'
}

/** Sends its requests by the clock, whether or not there is anything. */
export function asksAtIntervals(technique: Technique): boolean {
  return traitsOf(technique).requests === 'at-intervals'
}

/** Its requests are held by the server until there is something to say. */
export function isHeld(technique: Technique): boolean {
  return traitsOf(technique).requests === 'held'
}

/** A record with an entry for each technique, in their order. */
export function forEachTechnique<T>(make: (technique: Technique) => T): Record<Technique, T> {
  return Object.fromEntries(TECHNIQUES.map(technique => [technique, make(technique)])) as Record<Technique, T>
}

/** Where a client that cannot talk back on its own connection posts its messages. */
export const SAY_ENDPOINT = '/say'
/** The page's own WebSocket: statistics and clock, for reading only. */
export const CONTROL_ENDPOINT = '/control'
