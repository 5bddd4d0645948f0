// Waiting for events, never for time.

// What `promise` gives, or an error that says what did not come.
export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${typeof what === 'function' ? what() : what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Something that changes, and those who wait until it is as they want it.
export class Watched {
  #waiting = new Set();

  changed() {
    for (const look of [...this.#waiting]) look();
  }

  // The first truthy value of `wanted()`, which is asked now and after every change.
  until(wanted, what = wanted, milliseconds = 15000) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        try {
          const value = wanted();
          if (value) resolve(value);
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.add(look);
      look();
    });
    const words = () => `${what === wanted ? String(what) : typeof what === 'function' ? what() : what}`;
    return within(milliseconds, words, found).finally(() => this.#waiting.delete(look));
  }
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Of all, `work` at `size` at a time; the results in their order.
export async function inBatches(size, all, work) {
  const results = [];
  for (let at = 0; at < all.length; at += size) results.push(...await Promise.all(all.slice(at, at + size).map(work)));
  return results;
}
