import { type PostgresServer, startPostgres } from "./postgres.ts";
import { sharedServer } from "./shared-server.ts";

const { setup, ask } = sharedServer<PostgresServer>("TEST_POSTGRES_BROKER", startPostgres);

export default setup;
export const postgresServer = ask;
