// A SQLite VFS on which `kill -9` is a power cut: what was not synced never reached the disk, or only parts of it did.
//
// chatd-powercut is chatd with this VFS as SQLite's default (tools/crash-check --power-cut runs it). Writes go to an
// overlay in memory, sector by sector; xSync moves them into the real file. At random moments a random part of the
// overlay is written early, as an operating system's write-back does, so that torn writes occur too.
// POWERCUT_SEED seeds that; POWERCUT_SYNCHRONOUS=NORMAL is the control run: `PRAGMA synchronous` is then held at
// NORMAL.
//
// Any thread; one mutex a file guards its overlay. Locks and shared memory are the real VFS's own: SQLite rebuilds the
// wal-index when the first process opens the database, so it needs no forgetting.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

namespace {

constexpr sqlite3_int64 kSector = 512;
using Sector = std::array<unsigned char, kSector>;

struct Overlay {
  std::mutex mutex;
  std::map<sqlite3_int64, Sector> unsynced;  // by sector number
  sqlite3_int64 size = -1;                   // as the program sees it; -1: not opened yet
  int handles = 0;
};

struct File {
  sqlite3_file base;
  Overlay* overlay;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* real_vfs = nullptr;
std::mutex registry_mutex;  // guards registry, rng
std::map<std::string, std::unique_ptr<Overlay>> registry;
std::mt19937 rng;
thread_local bool setting_synchronous = false;

File* self(sqlite3_file* f) { return reinterpret_cast<File*>(f); }

bool one_in(unsigned n) {
  std::lock_guard lock(registry_mutex);
  return rng() % n == 0;
}

// The sector as the program sees it; the overlay's mutex is held.
int load(File* f, sqlite3_int64 number, Sector& out) {
  if (auto it = f->overlay->unsynced.find(number); it != f->overlay->unsynced.end()) {
    out = it->second;
    return SQLITE_OK;
  }
  const int rc = f->real()->pMethods->xRead(f->real(), out.data(), kSector, number * kSector);
  return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;  // the rest was zeroed by xRead
}

int write_back(File* f, sqlite3_int64 number, const Sector& sector) {
  return f->real()->pMethods->xWrite(f->real(), sector.data(), kSector, number * kSector);
}

int sync_overlay(File* f) {
  Overlay& o = *f->overlay;
  for (const auto& [number, sector] : o.unsynced)
    if (const int rc = write_back(f, number, sector); rc != SQLITE_OK) return rc;
  o.unsynced.clear();
  return f->real()->pMethods->xTruncate(f->real(), o.size);
}

int x_close(sqlite3_file* file) {
  File* f = self(file);
  {
    std::lock_guard lock(f->overlay->mutex);
    // The last handle of a process that ends in order: the page cache would keep what it wrote.
    if (--f->overlay->handles == 0) {
      sync_overlay(f);
      f->overlay->size = -1;
    }
  }
  return f->real()->pMethods->xClose(f->real());
}

int x_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  File* f = self(file);
  std::lock_guard lock(f->overlay->mutex);
  auto* to = static_cast<unsigned char*>(out);
  std::memset(to, 0, static_cast<std::size_t>(amount));
  const sqlite3_int64 end = std::min(offset + amount, f->overlay->size);
  for (sqlite3_int64 at = offset; at < end;) {
    const sqlite3_int64 number = at / kSector, inside = at % kSector, n = std::min(kSector - inside, end - at);
    Sector sector;
    if (const int rc = load(f, number, sector); rc != SQLITE_OK) return rc;
    std::memcpy(to + (at - offset), sector.data() + inside, static_cast<std::size_t>(n));
    at += n;
  }
  return end < offset + amount ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

int x_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
  File* f = self(file);
  std::lock_guard lock(f->overlay->mutex);
  Overlay& o = *f->overlay;
  const auto* from = static_cast<const unsigned char*>(in);
  for (sqlite3_int64 at = offset; at < offset + amount;) {
    const sqlite3_int64 number = at / kSector, inside = at % kSector,
                        n = std::min(kSector - inside, offset + amount - at);
    Sector sector;
    if (const int rc = load(f, number, sector); rc != SQLITE_OK) return rc;
    std::memcpy(sector.data() + inside, from + (at - offset), static_cast<std::size_t>(n));
    o.unsynced[number] = sector;
    at += n;
  }
  o.size = std::max(o.size, offset + amount);
  if (one_in(16))
    for (const auto& [number, sector] : o.unsynced)
      if (one_in(2)) write_back(f, number, sector);
  return SQLITE_OK;
}

int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  File* f = self(file);
  std::lock_guard lock(f->overlay->mutex);
  Overlay& o = *f->overlay;
  o.unsynced.erase(o.unsynced.lower_bound((size + kSector - 1) / kSector), o.unsynced.end());
  o.size = size;
  return SQLITE_OK;
}

int x_sync(sqlite3_file* file, int) {
  File* f = self(file);
  std::lock_guard lock(f->overlay->mutex);
  return sync_overlay(f);
}

int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
  File* f = self(file);
  std::lock_guard lock(f->overlay->mutex);
  *size = f->overlay->size;
  return SQLITE_OK;
}

int x_file_control(sqlite3_file* file, int op, void* arg) {
  if (op == SQLITE_FCNTL_PRAGMA && std::getenv("POWERCUT_SYNCHRONOUS") && !setting_synchronous) {
    auto** words = static_cast<char**>(arg);
    if (words[1] && sqlite3_stricmp(words[1], "synchronous") == 0 && words[2]) return SQLITE_OK;  // taken, and ignored
  }
  return self(file)->real()->pMethods->xFileControl(self(file)->real(), op, arg);
}

int x_lock(sqlite3_file* f, int level) { return self(f)->real()->pMethods->xLock(self(f)->real(), level); }
int x_unlock(sqlite3_file* f, int level) { return self(f)->real()->pMethods->xUnlock(self(f)->real(), level); }
int x_check_lock(sqlite3_file* f, int* out) {
  return self(f)->real()->pMethods->xCheckReservedLock(self(f)->real(), out);
}
int x_sector_size(sqlite3_file*) { return kSector; }
int x_characteristics(sqlite3_file*) { return 0; }  // promises nothing: no atomic, no powersafe, no sequential writes
int x_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return self(f)->real()->pMethods->xShmMap(self(f)->real(), page, size, extend, out);
}
int x_shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return self(f)->real()->pMethods->xShmLock(self(f)->real(), offset, n, flags);
}
void x_shm_barrier(sqlite3_file* f) { self(f)->real()->pMethods->xShmBarrier(self(f)->real()); }
int x_shm_unmap(sqlite3_file* f, int remove) { return self(f)->real()->pMethods->xShmUnmap(self(f)->real(), remove); }

// Version 2: without xFetch there is no memory-mapped reading past the overlay.
const sqlite3_io_methods methods = {
    2,           x_close,      x_read,         x_write,       x_truncate,        x_sync,    x_file_size, x_lock,
    x_unlock,    x_check_lock, x_file_control, x_sector_size, x_characteristics, x_shm_map, x_shm_lock,  x_shm_barrier,
    x_shm_unmap, nullptr,      nullptr};

int x_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* f = self(file);
  f->base.pMethods = nullptr;
  const int rc = real_vfs->xOpen(real_vfs, name, f->real(), flags, out_flags);
  if (rc != SQLITE_OK) return rc;
  const std::string key = name ? std::string(name) : "temporary " + std::to_string(reinterpret_cast<std::uintptr_t>(f));
  {
    std::lock_guard lock(registry_mutex);
    auto& entry = registry[key];
    if (!entry) entry = std::make_unique<Overlay>();
    f->overlay = entry.get();
  }
  std::lock_guard lock(f->overlay->mutex);
  if (f->overlay->handles++ == 0) {
    f->overlay->unsynced.clear();
    f->real()->pMethods->xFileSize(f->real(), &f->overlay->size);
  }
  f->base.pMethods = &methods;
  return SQLITE_OK;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_dir) { return real_vfs->xDelete(real_vfs, name, sync_dir); }

int hold_synchronous(sqlite3* db, char**, const sqlite3_api_routines*) {
  setting_synchronous = true;
  sqlite3_exec(db, "PRAGMA synchronous=NORMAL", nullptr, nullptr, nullptr);
  setting_synchronous = false;
  return SQLITE_OK;
}

// Registers before main, so that every connection of the process is on it.
const bool registered = [] {
  sqlite3_initialize();
  real_vfs = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs = *real_vfs;
  vfs.zName = "powercut";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  const char* seed = std::getenv("POWERCUT_SEED");
  rng.seed(seed ? static_cast<unsigned>(std::strtoul(seed, nullptr, 10)) : 1);
  if (std::getenv("POWERCUT_SYNCHRONOUS")) sqlite3_auto_extension(reinterpret_cast<void (*)(void)>(hold_synchronous));
  return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}();

}  // namespace
