import { TECHNIQUES, type Technique, traitsOf } from '../../../../server/protocol/techniques.ts'
import { type Stored, stored } from '../../shared/stored.ts'

export const LANES_AT_FIRST: readonly Technique[] = TECHNIQUES.filter(
  technique => traitsOf(technique).laneAtFirst,
)

/** Which lanes are on. The browser remembers it; `?lanes=` in the address comes first, so that a link can name them. */
export interface LaneChoice {
  readonly on: readonly Technique[]
  /** Returns the lanes that are on now. */
  set(technique: Technique, on: boolean): readonly Technique[]
}

export function openLaneChoice(
  kept: Stored = stored('browser', 'push-lab lanes'),
  address: Pick<Location, 'pathname' | 'search' | 'hash'> = location,
  show: (url: string) => void = url => history.replaceState(history.state, '', url),
): LaneChoice {
  let on = techniquesIn(new URLSearchParams(address.search).get('lanes') ?? kept.read())

  return {
    get on() {
      return on
    },
    set,
  }

  function set(technique: Technique, isOn: boolean): readonly Technique[] {
    on = TECHNIQUES.filter(other => (other === technique ? isOn : on.includes(other)))
    // The default is not written down: a lane that is on at first in a later version is then on.
    const list = `${on}` === `${LANES_AT_FIRST}` ? null : on.join(',')
    kept.write(list)
    show(address.pathname + queryWith(address.search, list) + address.hash)
    return on
  }
}

function techniquesIn(list: string | null): readonly Technique[] {
  if (list === null) return LANES_AT_FIRST
  const names = list.split(',')
  return TECHNIQUES.filter(technique => names.includes(technique))
}

function queryWith(search: string, list: string | null): string {
  const others = new URLSearchParams(search)
  others.delete('lanes')
  // Put together by hand: URLSearchParams would write each comma as %2C.
  const parts = [`${others}`, list === null ? '' : `lanes=${list}`].filter(part => part !== '')
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
