import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** Fields beside an answer's blocks that a client sees and that no other dialect has. */
const OWN_FIELDS = ['container', 'context_management', 'stop_details'] as const;

export interface OwnPiece {
  /** Its name on the wire. */
  readonly kind: string;
  readonly raw: JsonObject;
}

/** The pieces of a message, of a `message_delta` or of its `delta` that only this dialect has. */
export function ownPieces(fields: JsonObject): readonly OwnPiece[] {
  return OWN_FIELDS.filter((name) => isJsonObject(fields[name]) && hasContent(fields[name])).map((name) => ({
    kind: name,
    raw: { [name]: fields[name] },
  }));
}

/** Edits of the context that were not made are nothing. */
function hasContent(value: JsonObject): boolean {
  const { applied_edits: edits } = value;
  return !(Array.isArray(edits) && edits.length === 0);
}
