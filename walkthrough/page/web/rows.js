// Rows of the transaction log: those that register a device, and the one that counts.

export const registrations = (rows, cookie) => rows.filter((row) => row.registration && row.result === 0 && row.cookie === cookie);

// The row by which SEES decided for a cookie or, where it has not looked that up since, the newest registration.
export function bindingRow(rows, cookie) {
  const registered = registrations(rows, cookie);
  return registered.find((row) => row.binds) ?? registered.at(-1);
}
