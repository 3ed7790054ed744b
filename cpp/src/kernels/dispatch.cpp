// Chooses the table of kernels: once, at first use, from what the processor and the operating system support.
#include <stdlib.h>
#include <string.h>

#if defined(RANVIER_HAVE_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <atomic>

#include "kernels.hpp"

namespace ranvier::kernels {

namespace baseline {
extern const Table table;
}
namespace avx2 {
extern const Table table;
}
namespace avx512 {
extern const Table table;
}
namespace avx512bf16 {
extern const Bf16Kernels bf16;
}
namespace amx {
extern const Bf16Kernels bf16;
}
namespace neon {
extern const Table table;
}

namespace {

#if defined(RANVIER_HAVE_AMX)
/// Whether this process may use tiles of bfloat16. Linux grants their 8 KiB of state only to those who ask, once.
bool amx_granted() {
  unsigned a, b, c, features, conversions;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &features)) return false;
  if (!__get_cpuid_count(7, 1, &conversions, &b, &c, &a)) return false;
  constexpr unsigned kBf16Tiles = 1u << 22, kTiles = 1u << 24, kBf16Vectors = 1u << 5;
  if (!(features & kBf16Tiles) || !(features & kTiles) || !(conversions & kBf16Vectors)) return false;
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

struct Candidates {
  const Table* tables[7] = {};  // best first, the last one null
  int count = 0;
#if defined(RANVIER_HAVE_AVX512BF16)
  Table with_avx512bf16;
#endif
#if defined(RANVIER_HAVE_AMX)
  Table with_amx;
#endif

  // __builtin_cpu_supports reads CPUID and XCR0: the operating system must save the wide registers as well.
  Candidates() {
#if defined(RANVIER_HAVE_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma")) {
#if defined(RANVIER_HAVE_AMX)
      if (amx_granted()) {
        with_amx = avx512::table;
        with_amx.isa = "amx";
        with_amx.f32.bf16 = &amx::bf16;
        tables[count++] = &with_amx;
      }
#endif
      // Intel's issue products of pairs at a quarter of the rate of float, AMD's at the same rate.
      const bool pairs_pay = __builtin_cpu_is("amd");
      if (!pairs_pay) tables[count++] = &avx512::table;
#if defined(RANVIER_HAVE_AVX512BF16)
      if (__builtin_cpu_supports("avx512bf16")) {
        with_avx512bf16 = avx512::table;
        with_avx512bf16.isa = "avx512bf16";
        with_avx512bf16.f32.bf16 = &avx512bf16::bf16;
        tables[count++] = &with_avx512bf16;
      }
#endif
      if (pairs_pay) tables[count++] = &avx512::table;
    }
#endif
#if defined(RANVIER_HAVE_AVX2)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables[count++] = &avx2::table;
#endif
#if defined(RANVIER_HAVE_NEON)
    tables[count++] = &neon::table;
#endif
    tables[count++] = &baseline::table;
  }

  const Table* find(const char* isa) const {
    for (int i = 0; i < count; i++) {
      if (strcmp(tables[i]->isa, isa) == 0) return tables[i];
    }
    return nullptr;
  }
};

const Candidates& candidates() {
  static const Candidates instance;
  return instance;
}

const Table* preferred() {
  const char* isa = getenv("RANVIER_ISA");
  const Table* table = isa ? candidates().find(isa) : nullptr;
  return table ? table : candidates().tables[0];
}

std::atomic<const Table*> chosen{nullptr};

}  // namespace

const Table* const* available() { return candidates().tables; }

const Table& active() {
  const Table* table = chosen.load(std::memory_order_acquire);
  if (table) return *table;
  const Table* first = preferred();  // two threads may both come here; only one choice stays
  return chosen.compare_exchange_strong(table, first, std::memory_order_acq_rel) ? *first : *table;
}

bool select(const char* isa) {
  const Table* table = candidates().find(isa);
  if (!table) return false;
  chosen.store(table, std::memory_order_release);
  return true;
}

}  // namespace ranvier::kernels
