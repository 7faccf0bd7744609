// The random numbers of initial weights and sequences, as generator.py documents them: the same numbers to the bit.
#pragma once
#include <cstdint>
#include <initializer_list>

namespace {

// Number i of stream `key` (SplitMix64).
inline uint64_t number(uint64_t key, uint64_t i) {
  uint64_t z = key + (i + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

enum Stream : uint64_t { INITIAL, TRAINING, EVALUATION, DRAWINGS, LABEL_SETS };  // generator.Stream

inline uint64_t key(std::initializer_list<uint64_t> words) {
  uint64_t here = 0;
  for (const uint64_t word : words) here = number(here, word);
  return here;
}

inline int64_t below(uint64_t limit, uint64_t drawn) { return (drawn >> 32) * limit >> 32; }

// With one rounding an operation: a fused multiply-add would have one fewer.
#ifndef __clang__
__attribute__((optimize("fp-contract=off")))
#endif
inline double truncated_normal(uint64_t drawn) {
#ifdef __clang__
#pragma clang fp contract(off)
#endif
  const double v = (drawn >> 11) * 0x1p-52 - 1, s = v * v;
  const double p = 1.1962919 + s * (-1.9592006 + s * (0.902268 + s * -0.0893039));
  const double q = 1.0 + s * (-1.8761267 + s * (1.0813968 + s * -0.1802424));
  return v * p / q;
}

}  // namespace
