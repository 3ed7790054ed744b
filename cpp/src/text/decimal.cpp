#include "text/decimal.hpp"

#include <charconv>
#include <cmath>
#include <string>

#ifndef __cpp_lib_to_chars  // a standard library that converts whole numbers only
#include <clocale>
#include <cstdio>
#include <cstdlib>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#endif

namespace ranvier::words {

namespace {

#ifndef __cpp_lib_to_chars
locale_t plain_locale() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return locale;
}
#endif

#ifdef __cpp_lib_to_chars
// Whether a number that is out of range is too large, and not too small: by the place of its first digit.
bool is_large(const char* p, const char* end) {
  std::ptrdiff_t place = -1, exponent = 0;
  bool found = false, after_point = false;
  for (; p < end && *p != 'e' && *p != 'E'; ++p) {
    if (*p == '.')
      after_point = true;
    else if (found)
      place += !after_point;
    else if (*p != '0' && detail::is_digit(*p))
      found = true, place += !after_point;
    else
      place -= after_point;
  }
  if (p < end) {
    const bool down = *++p == '-';
    p += *p == '-' || *p == '+';
    for (; p < end; ++p) exponent = exponent < 100000 ? exponent * 10 + (*p - '0') : exponent;
    if (down) exponent = -exponent;
  }
  return place + exponent > 0;
}
#endif

bool equal_ignoring_case(const char* p, const char* word, std::ptrdiff_t length) {
  for (std::ptrdiff_t i = 0; i < length; ++i)
    if ((p[i] | 0x20) != word[i]) return false;
  return true;
}

}  // namespace

template <class T>
T parse_number_exactly(const char* begin, const char* end) {
  if (begin < end && *begin == '+') ++begin;
#ifdef __cpp_lib_to_chars
  T value{};
  if (std::from_chars(begin, end, value).ec != std::errc::result_out_of_range) return value;
  const T size = is_large(*begin == '-' ? begin + 1 : begin, end) ? std::numeric_limits<T>::infinity() : T{0};
  return *begin == '-' ? -size : size;
#else
  const std::string copy(begin, end);
  if constexpr (std::is_same_v<T, float>) return strtof_l(copy.c_str(), nullptr, plain_locale());
  return static_cast<T>(strtod_l(copy.c_str(), nullptr, plain_locale()));
#endif
}

template <class T>
const char* parse_nonfinite(const char* p, const char* end, T& value) {
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  if (end - p < 3) return nullptr;
  if (equal_ignoring_case(p, "nan", 3)) {
    value = std::numeric_limits<T>::quiet_NaN();
    return p + 3;
  }
  if (!equal_ignoring_case(p, "inf", 3)) return nullptr;
  value = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
  return p + (end - p >= 8 && equal_ignoring_case(p, "infinity", 8) ? 8 : 3);
}

template <class T>
char* format_number(T value, char* out) {
#ifdef __cpp_lib_to_chars
  return std::to_chars(out, out + kLongestNumber, value).ptr;
#else
  for (int digits = std::numeric_limits<T>::digits10;; ++digits) {
    const int length = std::snprintf(out, kLongestNumber, "%.*g", digits, static_cast<double>(value));
    for (int i = 0; i < length; ++i)
      if (out[i] == ',') out[i] = '.';
    T again{};
    if (parse_number(out, out + length, again) != out + length) return out + length;
    if (again == value || digits >= std::numeric_limits<T>::max_digits10) return out + length;
  }
#endif
}

std::uint16_t half_bits(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<std::uint16_t>(bits >> 48 & 0x8000);
  const double size = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Spacing of the 16-bit numbers around it; rint rounds ties to even.
  const int exponent = size < 0x1p-14 ? -14 : std::ilogb(size);
  const auto steps = static_cast<int>(std::rint(std::ldexp(size, 10 - exponent)));
  // A carry out of the fraction goes into the exponent, as it should.
  return static_cast<std::uint16_t>(sign | (size < 0x1p-14 ? steps : (exponent + 14) * 1024 + steps));
}

template float parse_number_exactly<float>(const char*, const char*);
template double parse_number_exactly<double>(const char*, const char*);
template const char* parse_nonfinite(const char*, const char*, float&);
template const char* parse_nonfinite(const char*, const char*, double&);
template char* format_number(float, char*);
template char* format_number(double, char*);

}  // namespace ranvier::words
