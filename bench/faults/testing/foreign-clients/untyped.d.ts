/** The two packages bring no types. Both are EventSources. */
declare module 'eventsource-2' {
  const EventSource: new (url: string) => import('./standard-readers.ts').AnyEventSource
  // biome-ignore lint/style/noDefaultExport: as the package is
  export default EventSource
}

declare module 'event-source-polyfill' {
  export const EventSourcePolyfill: new (url: string) => import('./standard-readers.ts').AnyEventSource
}
