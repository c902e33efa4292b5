/** One of the addresses of the page, drawn. */
export interface Page {
  readonly root: HTMLElement
  /** The colours changed: whatever is drawn on a canvas has to be drawn again. */
  recolour(): void
}
