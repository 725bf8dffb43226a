import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { listensOn } from './listening-sockets.ts';

/** Whether a process does its work now. `pid` is the process asked about; must end within `signal`. */
export type Probe = (pid: number, signal: AbortSignal) => Promise<boolean>;

export interface HttpProbeOptions {
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
  /** What a 2xx answer must contain. */
  readonly contains?: string;
}

/** The URL answers, and it is this very process that listens on its port (not a stranger who was there before). */
export function httpReady(url: string, options: HttpProbeOptions = {}): Probe {
  const port = Number(new URL(url).port);
  return async (pid, signal) => {
    if (!listensOn(pid, port)) return false;
    const body = await getBody(url, options, signal);
    return body?.includes(options.contains ?? '') === true;
  };
}

/** Body of a 2xx answer to a GET, or undefined. */
function getBody(url: string, options: HttpProbeOptions, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const none = (): void => {
      resolve(undefined);
    };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, { signal, agent: false, ...(options.ca === undefined ? {} : { ca: options.ca }) });
    request.on('error', none);
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      text(response).then((body) => {
        resolve(statusCode >= 200 && statusCode < 300 ? body : undefined);
      }, none);
    });
    request.end();
  });
}
