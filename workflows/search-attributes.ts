import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../src/api/temporal-names.ts';

const { phase, awaitingApproval } = SEARCH_ATTRIBUTES;

export const PHASE = defineSearchAttributeKey(phase.name, phase.type);
export const AWAITING = defineSearchAttributeKey(awaitingApproval.name, awaitingApproval.type);
