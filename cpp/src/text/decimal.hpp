// Decimal numbers as text, read and written correctly rounded and whatever the locale is.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace ranvier::words {

/// Reads all of the number at [begin, end), which parse_number has scanned, at any length; T is float or double.
/// Overflow gives infinity, underflow zero.
template <class T>
T parse_number_exactly(const char* begin, const char* end);

/// Reads "nan", "inf" or "infinity" in any case after a sign. Null if there is none.
template <class T>
const char* parse_nonfinite(const char* p, const char* end, T& value);

/// The shortest decimal number that reads back as the same value, written at `out`, which has room for
/// kLongestNumber bytes. Returns its end.
constexpr int kLongestNumber = 32;
template <class T>
char* format_number(T value, char* out);

/// A number rounded to 16 bits (binary16), to nearest, ties to even.
std::uint16_t half_bits(double value);

namespace detail {
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Whether `value`, the double nearest to a number, says for certain which T is the nearest. It does not where it lies
// exactly between two floats, since the number may lie on either side, nor where floats are spaced otherwise.
template <class T>
inline bool decides(double value) {
  if constexpr (std::is_same_v<T, double>) return true;
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const double size = value < 0 ? -value : value;
  const bool normal = size == 0 || (size >= std::numeric_limits<float>::min() && size < 3e38);
  return normal && (bits & 0x1fffffff) != 0x10000000;
}

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
}  // namespace detail

/// Reads a decimal number at the beginning of [p, end), as Python's float() does: "-1", ".5", "2.", "1e-7", "nan".
/// Returns where it ends, or null if there is none.
///
/// Most are a whole number below 2^53 times or divided by a power of ten up to 10^22, both exact as doubles, so that
/// one operation rounds correctly (Clinger 1990).
template <class T>
inline const char* parse_number(const char* p, const char* end, T& value) {
  const char* const begin = p;
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  const char* const first = p;
  std::uint64_t digits = 0;
  for (; p < end && detail::is_digit(*p); ++p) digits = digits * 10 + static_cast<unsigned>(*p - '0');
  std::ptrdiff_t count = p - first, exponent = 0;
  if (p < end && *p == '.') {
    const char* const point = ++p;
    for (; p < end && detail::is_digit(*p); ++p) digits = digits * 10 + static_cast<unsigned>(*p - '0');
    exponent = point - p;
    count -= exponent;
  }
  if (count == 0) return parse_nonfinite(begin, end, value);
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char* q = p + 1;
    const bool down = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) ++q;
    if (q < end && detail::is_digit(*q)) {
      std::ptrdiff_t power = 0;
      for (; q < end && detail::is_digit(*q); ++q) power = power < 100000 ? power * 10 + (*q - '0') : power;
      exponent += down ? -power : power;
      p = q;
    }
  }
  if (count <= 19 && digits <= std::uint64_t{1} << 53 && exponent >= -22 && exponent <= 22) {
    double x = static_cast<double>(digits);
    x = exponent < 0 ? x / detail::kPowersOfTen[-exponent] : x * detail::kPowersOfTen[exponent];
    if (detail::decides<T>(x)) {
      value = static_cast<T>(negative ? -x : x);
      return p;
    }
  }
  value = parse_number_exactly<T>(begin, p);
  return p;
}

}  // namespace ranvier::words
