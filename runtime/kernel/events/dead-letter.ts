import { MnoError } from "../../exports";

export const deadLetterNotFound = (consumer: string, eventId: string): MnoError =>
  new MnoError("MNO_NOT_FOUND", `consumer ${consumer} has no dead letter of event ${eventId}`);
