/** How far back the page looks, and how finely. */

/** What a lane shows. */
export const LANE_WINDOW_MS = 10_000
/** One cell of a lane's density drawing. */
export const CELL_MS = 100
export const CELL_BINS = LANE_WINDOW_MS / CELL_MS + 8
/** Ten seconds of single events, with room for a burst; above 60 a second they are drawn as cells. */
export const EVENTS_KEPT = 2_048
/** One point of the chart, and how many it shows: a minute. */
export const CHART_BIN_MS = 250
export const CHART_BINS = 240
/** What "now" means for the numbers of a lane. */
export const NUMBERS_WINDOW_MS = 30_000
