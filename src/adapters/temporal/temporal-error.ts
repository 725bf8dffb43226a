import { isGrpcServiceError } from '@temporalio/client';
import { StepError, type FailureCode } from '../../errors.ts';

/** gRPC codes that are an answer about this one call; with any other the call may work later as it is. */
const CODES: Readonly<Record<number, FailureCode>> = {
  3: 'Invalid', // INVALID_ARGUMENT
  7: 'Forbidden', // PERMISSION_DENIED
  11: 'Invalid', // OUT_OF_RANGE
  12: 'Invalid', // UNIMPLEMENTED
  16: 'Forbidden', // UNAUTHENTICATED
};

/** What a failed call to Temporal means for whoever made it. */
export function temporalError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  const grpc = grpcErrorIn(error);
  if (grpc === undefined) {
    const message = error instanceof Error ? error.message : String(error);
    return new StepError('Unavailable', `Temporal: ${message}`, { cause: error });
  }
  return new StepError(CODES[grpc.code] ?? 'Unavailable', `Temporal: ${grpc.details || grpc.message}`, {
    cause: error,
  });
}

/** The SDK wraps what gRPC reports, sometimes more than once. */
function grpcErrorIn(
  error: unknown,
): { readonly code: number; readonly details: string; readonly message: string } | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if (isGrpcServiceError(at)) return at;
  return undefined;
}
