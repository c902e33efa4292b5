import type { Technique } from '../../../../server/protocol/techniques.ts'
import { formatBytes, formatCount, formatLatency, formatRatio } from '../../../run/format.ts'
import { element, setData, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** The numbers beside a lane. */
export function createLaneNumbers(technique: Technique): View<LiveFrame> {
  const figures = {
    p50: figure(text.lane.p50, 'large'),
    p99: figure(text.lane.p99, 'large'),
    requests: figure(text.lane.requests),
    bytes: figure(text.lane.bytes),
    received: figure(text.lane.received),
    missing: figure(text.lane.missing),
    repeated: figure(text.lane.repeated),
    audit: figure(text.lane.audit),
  }
  figures.audit.root.title = text.lane.auditTitle
  const root = element('dl', { class: 'numbers' }, ...Object.values(figures).map(made => made.root))

  return { root, update }

  function update({ state, summaries, uncertaintyMs }: LiveFrame): void {
    const lane = state.lanes[technique]
    const summary = summaries[technique]
    // The server counts what another technique brings as that technique's, together with its own lane's.
    const cost = lane.moved === null ? state.traffic.costPerEvent(technique) : null
    const counts = lane.counts()
    const verdict = lane.audit(state.top)
    setText(figures.p50.value, formatLatency(summary?.p50Ms ?? null, uncertaintyMs))
    setText(figures.p99.value, formatLatency(summary?.p99Ms ?? null, uncertaintyMs))
    setText(figures.requests.value, formatRatio(cost?.requests ?? null))
    setText(figures.bytes.value, formatBytes(cost?.bytes ?? null))
    setText(figures.received.value, formatCount(counts.received))
    setText(figures.missing.value, formatCount(counts.missing))
    setText(figures.repeated.value, formatCount(counts.repeated))
    setText(figures.audit.value, text.lane.verdict(verdict))
    setData(figures.missing.root, 'alarm', String(counts.missing > 0))
    setData(figures.audit.root, 'alarm', String(verdict?.name === 'mismatch'))
  }
}

function figure(label: string, size = 'small'): { readonly root: HTMLElement; readonly value: HTMLElement } {
  const value = element('dd', { class: 'number' })
  return { root: element('div', { class: `figure ${size}` }, element('dt', {}, label), value), value }
}
