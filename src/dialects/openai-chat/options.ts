/** What an upstream that speaks chat completions does otherwise than the others. */
export interface OpenAiChatOptions {
  /**
   * The name the upstream knows the output ceiling by. Set, the other name is renamed even in a body that passes
   * through; unset, such a body is left alone and a translated one says `max_completion_tokens`.
   */
  readonly outputLimitField?: 'max_tokens' | 'max_completion_tokens';
  /**
   * Body fields that the upstream refuses for a model (`temperature`, `reasoning_effort`, `stream_options` …): they
   * are left out of every body and listed as dropped.
   */
  readonly refuses?: (upstreamModel: string) => readonly string[];
}
