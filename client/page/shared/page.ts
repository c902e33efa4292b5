/** A picture or a whole page that is drawn in the colours of the theme. */
export interface Page {
  readonly root: HTMLElement
  /** The colours have changed: canvases have to be drawn again. */
  recolour(): void
}
