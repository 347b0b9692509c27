import { type S3Server, startRadosgw } from "./radosgw.ts";
import { sharedServer } from "./shared-server.ts";

const { setup, ask } = sharedServer<S3Server>("TEST_S3_BROKER", startRadosgw);

export default setup;
export const s3Server = ask;
