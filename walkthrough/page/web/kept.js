// What this browser remembers. One that keeps nothing (private windows, blocked storage) has nothing to remember.

export const remember = (key, value) => attempt(() => localStorage.setItem(key, value));
export const remembered = (key) => attempt(() => localStorage.getItem(key));

function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
