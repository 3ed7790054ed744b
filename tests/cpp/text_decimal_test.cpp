// Reading and writing decimal numbers, against the C library.
#include <doctest/doctest.h>

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "text/decimal.hpp"

using namespace ranvier::words;

namespace {

// A comma as decimal point wherever this machine has a language that writes one; back to the C locale at the end.
class CommaLocale {
 public:
  CommaLocale() {
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "sv_SE.UTF-8", "de_DE"})
      if (std::setlocale(LC_ALL, name)) break;
  }
  ~CommaLocale() { std::setlocale(LC_ALL, "C"); }
};

template <class T>
T reference(const std::string& text) {
  if constexpr (std::is_same_v<T, float>) return std::strtof(text.c_str(), nullptr);
  return std::strtod(text.c_str(), nullptr);
}

template <class T>
void check(const std::string& text) {
  const T expected = reference<T>(text);
  T value = 42;
  INFO("text ", text);
  REQUIRE(parse_number(text.data(), text.data() + text.size(), value) == text.data() + text.size());
  REQUIRE(std::isnan(value) == std::isnan(expected));
  if (!std::isnan(value)) {
    REQUIRE(value == expected);
    REQUIRE(std::signbit(value) == std::signbit(expected));
  }
}

std::string random_number(std::mt19937& random) {
  auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  auto digits = [&](int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += static_cast<char>('0' + below(10));
    return text;
  };
  std::string text = std::vector<std::string>{"", "-", "+"}[below(3)];
  text += digits(below(4) ? 1 : 1 + below(25));
  if (below(5)) text += "." + (below(4) ? digits(below(9)) : std::string(below(40), '0') + digits(below(30)));
  if (below(4) == 0) text += std::string(below(2) ? "e" : "E") + std::to_string(below(100) - 50);
  if (below(50) == 0) text += "e" + std::to_string(below(2000) - 1000);
  return text.find('e') != text.rfind('e') || (text.find('E') != text.npos && text.find('e') != text.npos)
             ? "1" + digits(3)
             : text;
}

}  // namespace

TEST_CASE("numbers of all shapes read as in the C library") {
  std::mt19937 random(1);
  for (int i = 0; i < 300000; ++i) {
    const std::string text = random_number(random);
    check<float>(text);
    check<double>(text);
  }
}

TEST_CASE("numbers halfway between two floats, and just beside, round as they should") {
  std::mt19937 random(2);
  char text[400];
  for (int i = 0; i < 20000; ++i) {
    const float below =
        std::ldexp(1 + static_cast<float>(random() % 8388608) / 8388608, static_cast<int>(random() % 80) - 40);
    const double middle = (static_cast<double>(below) + std::nextafter(below, 1e38f)) / 2;
    std::snprintf(text, sizeof text, "%.80f", middle);
    check<float>(text);
    check<float>(std::string(text) + "1");
    std::snprintf(text, sizeof text, "%.17g", std::nextafter(middle, 0));
    check<float>(text);
  }
}

TEST_CASE("the ends of the range") {
  for (const char* text : {"0",
                           "-0",
                           "0.0",
                           "-0e5",
                           "3.4028234663852886e38",
                           "3.4028235677973366e38",
                           "3.4028235677973365e38",
                           "-1e39",
                           "1e400",
                           "-1e-400",
                           "1.17549435e-38",
                           "1.1754943e-38",
                           "1e-45",
                           "7e-46",
                           "7.1e-46",
                           "1e-60",
                           "4.9e-324",
                           "2e-324",
                           "1.7976931348623159e308",
                           "123456789012345678901234567890e-10",
                           "9007199254740993",
                           "1e22",
                           "1e23",
                           "00000000000000000000000001.5",
                           "0.00000000000000000000000000000000000000000000000000015e50",
                           "2.",
                           ".5",
                           "1e99999999999999999999",
                           "1e-99999999999999999999",
                           "0e99999999999999999999",
                           "nan",
                           "-NaN",
                           "inf",
                           "-Infinity",
                           "+INF"}) {
    check<float>(text);
    check<double>(text);
  }
}

TEST_CASE("what is no number is none, and a number ends where it ends") {
  for (const std::string text : {"", "-", "+", ".", "-.", "e5", "na", "x1", "--1", "i", "\xff"}) {
    float value;
    CHECK(parse_number(text.data(), text.data() + text.size(), value) == nullptr);
  }
  const std::vector<std::pair<std::string, int>> partial = {{"1e", 1},    {"1e+", 1}, {"1 2", 1},   {"1.5.5", 3},
                                                            {"0x1p3", 1}, {"1,5", 1}, {"1e5e5", 3}, {"infinit", 3}};
  for (const auto& [text, length] : partial) {
    double value;
    INFO("text ", text);
    CHECK(parse_number(text.data(), text.data() + text.size(), value) == text.data() + length);
  }
}

TEST_CASE("the locale changes nothing") {
  const CommaLocale comma;
  for (const char* text : {"1.5", "0.123456789012345678901234567890", "16777217.00000000000000000001"}) {
    float value = 0;
    const std::string copy = text;
    REQUIRE(parse_number(copy.data(), copy.data() + copy.size(), value) == copy.data() + copy.size());
    CHECK(value == (copy == "1.5" ? 1.5f : copy[0] == '0' ? 0.12345679f : 16777218.0f));
  }
  char out[kLongestNumber];
  CHECK(std::string(out, format_number(0.25f, out)) == "0.25");
}

TEST_CASE("what is written reads back as the same number") {
  std::mt19937_64 random(3);
  char out[kLongestNumber];
  for (int i = 0; i < 100000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    float x, y;
    std::memcpy(&x, &bits, sizeof x);
    if (!std::isfinite(x)) continue;
    char* end = format_number(x, out);
    REQUIRE(end <= out + kLongestNumber);
    REQUIRE(parse_number(static_cast<const char*>(out), static_cast<const char*>(end), y) == end);
    REQUIRE(std::memcmp(&x, &y, sizeof x) == 0);
  }
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t bits = random();
    double x, y;
    std::memcpy(&x, &bits, sizeof x);
    if (!std::isfinite(x)) continue;
    char* end = format_number(x, out);
    REQUIRE(end <= out + kLongestNumber);
    REQUIRE(parse_number(static_cast<const char*>(out), static_cast<const char*>(end), y) == end);
    REQUIRE(std::memcmp(&x, &y, sizeof x) == 0);
  }
}

TEST_CASE("16 bits: nearest, ties to even") {
  // Every finite 16-bit number is itself, and the middle of two goes to the even one.
  auto value = [](int bits) {
    const int exponent = bits >> 10, fraction = bits & 1023;
    return exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
  };
  for (int bits = 0; bits < 0x7c00; ++bits) {
    REQUIRE(half_bits(value(bits)) == bits);
    REQUIRE(half_bits(-value(bits)) == (bits | 0x8000));
    const double next = bits + 1 == 0x7c00 ? 65536 : value(bits + 1), middle = (value(bits) + next) / 2;
    REQUIRE(half_bits(middle) == bits + (bits & 1));
    REQUIRE(half_bits(std::nextafter(middle, 0)) == bits);
    REQUIRE(half_bits(std::nextafter(middle, 1e9)) == bits + 1);
  }
  CHECK(half_bits(1e300) == 0x7c00);
  CHECK(half_bits(std::nan("")) == 0x7e00);
}
