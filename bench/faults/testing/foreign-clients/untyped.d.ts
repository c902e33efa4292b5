/** Two packages without types. Both are EventSources. */
declare module 'eventsource-2' {
  const EventSource: new (url: string) => import('./standard-readers.ts').AnyEventSource
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default EventSource
}

declare module 'event-source-polyfill' {
  export const EventSourcePolyfill: new (url: string) => import('./standard-readers.ts').AnyEventSource
}
