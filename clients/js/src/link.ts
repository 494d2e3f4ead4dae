/**
 * One connection that stands, as those see it who outlive it. There is one for each dialect.
 */
export interface Link {
  /**
   * Sends a command and waits for its answer.
   * @throws GatewayError what the gateway answered
   * @throws LinkLost the connection went before there was an answer
   * @throws Unanswered there will be no answer, and the connection stands
   */
  call(type: string, payload: unknown): Promise<unknown>;
}
