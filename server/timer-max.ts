/** The longest that a timer can be set: Node fires one that is set further ahead after 1 ms. */
export const TIMER_MAX_MS = 2 ** 31 - 1
