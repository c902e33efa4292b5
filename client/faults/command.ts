import type { RoadConditions } from '../../server/protocol.ts'

/** Gives the server at `origin` a command; rejects with its sentence if it refuses. */
export async function command(
  origin: string,
  method: 'PUT' | 'POST',
  path: string,
  body: object,
): Promise<unknown> {
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} was refused: ${text}`)
  return JSON.parse(text)
}

/** Sets the road's conditions. `{}` clears it. */
export async function setRoad(origin: string, conditions: RoadConditions): Promise<void> {
  await command(origin, 'PUT', '/api/road', conditions)
}

/** Resets all connections of all readers. */
export async function killAll(origin: string): Promise<void> {
  await command(origin, 'POST', '/api/kill', {})
}
