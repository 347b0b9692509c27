import { type Recordings, StorageUnavailableError } from "../service/ports.ts";

const refuse = async (): Promise<never> => {
  throw new StorageUnavailableError("this version of the service does not read recordings");
};

/** Replaced by the adapter that reads folders and buckets. */
export const noRecordings: Recordings = { open: refuse, read: refuse, remove: refuse };
