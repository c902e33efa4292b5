import type { ControlToken } from '../shared/control-token.ts'
import { element } from '../shared/element.ts'
import type { Page } from '../shared/page.ts'
import { type Palette, readPalette } from '../shared/palette.ts'
import { checkDensity, onPixelDensity } from '../shared/pixel-density.ts'
import { text } from '../shared/text/en.ts'
import { createInsightLine } from './charts/insight-line.ts'
import { createLatencyChart } from './charts/latency-chart.ts'
import { createConfirmCut } from './controls/confirm-cut.ts'
import { createControls } from './controls/controls.ts'
import { openKeys } from './controls/keys.ts'
import { createServerStatus } from './controls/server-status.ts'
import { installShortcuts } from './controls/shortcuts.ts'
import { createSourceStrip } from './controls/source-strip.ts'
import { createStrips } from './controls/strips.ts'
import { createLanesPanel } from './lanes/lanes-panel.ts'
import type { Commands } from './session/commands.ts'
import { openLiveSession } from './session/live-session.ts'
import { type LiveFrame, takeFrame } from './store/live-frame.ts'
import { cutsOthers, obstacleTo } from './store/obstacle.ts'

/** Words and numbers five times a second; the lanes with every animation frame, or at 2 Hz where motion is unwanted. */
const WORDS_EVERY_MS = 200
const STILL_EVERY_MS = 500

/** The live page. This file alone knows all its views. */
export function openLive(header: HTMLElement, token: ControlToken): Page {
  const session = openLiveSession(token)
  const { state } = session
  const keys = openKeys()
  const confirmCut = createConfirmCut(session.commands.kill)
  const commands: Commands = { ...session.commands, kill }
  let palette: Palette = readPalette()

  const status = createServerStatus()
  const strips = createStrips(commands)
  const source = createSourceStrip()
  const controls = createControls(commands, keys)
  const lanes = createLanesPanel(commands, keys)
  const insight = createInsightLine()
  const chart = createLatencyChart(() => palette)
  const words = [status, strips, source, controls, lanes, insight]
  const root = element(
    'div',
    { class: 'live' },
    element('h1', { class: 'unseen' }, text.liveTitle),
    strips.root,
    element('div', { class: 'top' }, source.root, controls.root),
    lanes.root,
    insight.root,
    chart.root,
    confirmCut.root,
  )
  header.append(status.root)
  installShortcuts(commands, keys)

  const still = matchMedia('(prefers-reduced-motion: reduce)')
  let wordsAt = Number.NEGATIVE_INFINITY
  let lanesAt = Number.NEGATIVE_INFINITY
  let chartFrame: LiveFrame | null = null
  requestAnimationFrame(tick)
  // After the canvases have taken their new size, which empties them.
  onPixelDensity(() => lanes.draw(state, session.now(), palette))

  return { root, recolour }

  /** A hidden tab gets no animation frames, so drawing stops there by itself while counting goes on. */
  function tick(): void {
    requestAnimationFrame(tick)
    checkDensity()
    const monotonicMs = performance.now()
    if (monotonicMs - lanesAt >= (still.matches ? STILL_EVERY_MS : 0)) {
      lanesAt = monotonicMs
      lanes.draw(state, session.now(), palette)
    }
    if (chartFrame !== null) {
      // One expensive thing per frame: the chart waits for the frame after the words.
      chart.update(chartFrame)
      chartFrame = null
    } else if (monotonicMs - wordsAt >= WORDS_EVERY_MS) {
      wordsAt = monotonicMs
      chartFrame = takeFrame(state, session.now())
      for (const view of words) view.update(chartFrame)
      if (obstacleTo('kill', state) !== null) confirmCut.withdraw()
    }
  }

  function kill(): void {
    const allowed = obstacleTo('kill', state) === null
    if (allowed && cutsOthers(location.hostname, state.others)) confirmCut.open(state.connections)
    else session.commands.kill()
  }

  function recolour(): void {
    palette = readPalette()
    chart.recolour()
  }
}
