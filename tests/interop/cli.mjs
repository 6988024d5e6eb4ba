// How the small programs of this folder read their command line and report.

/**
 * Runs `program` with the command line's arguments and prints its result as one line of JSON. An exception is a
 * result too, `{"error": …}`; only a wrong command line ends with a status other than 0.
 */
export async function main(usage, required, program) {
  const args = process.argv.slice(2);
  if (args.length < required) {
    process.stderr.write(`usage: ${usage}\n`);
    process.exit(2);
  }
  let result;
  try {
    result = await program(...args);
  } catch (error) {
    result = { error: error instanceof Error ? error.message : String(error) };
  }
  // Open sockets would keep the process up, and leaving before the line is written could cut it off.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
