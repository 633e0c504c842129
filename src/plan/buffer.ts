/**
 * A stretch of bytes an op reads or writes. Its place is known from the start (parameters, state) or found by the planner, which lets
 * buffers that are never needed at the same time share bytes.
 */
export class PlanBuffer {
  address: number | undefined;

  constructor(
    readonly bytes: number,
    /** Pinned buffers live from before the first op to after the last: what goes into a plan and what comes out. */
    readonly pinned = false,
    address?: number,
  ) {
    this.address = address;
  }
}

/** A place in a buffer. */
export interface Ref {
  readonly buffer: PlanBuffer;
  /** Bytes from the buffer's start. */
  readonly offset: number;
}

/** The place so many floats further on. */
export const floatsOn = (ref: Ref, floats: number): Ref => ({ ...ref, offset: ref.offset + 4 * floats });

export const refTo = (buffer: PlanBuffer, offset = 0): Ref => ({ buffer, offset });
export const fixedRef = (address: number, bytes: number): Ref => refTo(new PlanBuffer(bytes, true, address));
