/** A piece of the page: its element, and how it comes to show what it is given. Drawn on a clock, not on arrival. */
export interface View<State> {
  readonly root: HTMLElement
  update(state: State): void
}
