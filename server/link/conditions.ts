import Type from 'typebox'
import { LINK_REFUSALS, type LinkConditions } from '../protocol/api.ts'

const exact = { additionalProperties: false } as const
const number = (minimum: number, maximum: number) => Type.Optional(Type.Number({ minimum, maximum }))
const integer = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }))

/** The conditions that can be asked for, with their ranges. */
export const LinkBody = Type.Object(
  {
    delayMs: number(0, 2000),
    jitterMs: number(0, 1000),
    bytesPerSecond: integer(100, 1e9),
    buffer: Type.Optional(
      Type.Object(
        {
          bytes: Type.Integer({ minimum: 1, maximum: 1024 * 1024 }),
          honoursHeader: Type.Optional(Type.Boolean()),
        },
        exact,
      ),
    ),
    blackhole: Type.Optional(Type.Boolean()),
    idleTimeoutMs: integer(1000, 600_000),
    refuseStatus: Type.Optional(Type.Enum([...LINK_REFUSALS])),
    resetAfterBytes: integer(1, 1e9),
    cutAfterBytes: integer(1, 1e9),
    sliceBytes: integer(1, 65_536),
  } satisfies Record<keyof LinkConditions, unknown>,
  exact,
)
