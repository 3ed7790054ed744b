#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "ranvier/export.hpp"

namespace ranvier {

/// A value of a configuration: nothing, a number, a word or a list of numbers.
using ConfigValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>>;

/// The named settings of a layer, loss, metric or optimizer, read once by whoever they configure. Keys nobody read and
/// values of the wrong type are errors that name the owner, the key and what is valid.
class RANVIER_API Config {
 public:
  Config() = default;
  Config(std::initializer_list<std::pair<const std::string, ConfigValue>> values) : values_(values) {}

  void set(const std::string& key, ConfigValue value) { values_[key] = std::move(value); }

  /// Whether the key is there, and not nothing.
  bool has(const std::string& key);

  bool boolean(const std::string& key, bool fallback);
  std::int64_t integer(const std::string& key);
  std::int64_t integer(const std::string& key, std::int64_t fallback);
  double number(const std::string& key);
  double number(const std::string& key, double fallback);
  std::string word(const std::string& key);
  std::string word(const std::string& key, const std::string& fallback);
  std::vector<std::int64_t> integers(const std::string& key);
  std::vector<double> numbers(const std::string& key);  // empty where absent

  /// Throws std::invalid_argument if a key was given that nobody read.
  void finish(const std::string& owner) const;

 private:
  template <class R>
  R read(const std::string& key, const R* fallback, const char* wanted);

  std::map<std::string, ConfigValue> values_;
  std::vector<std::string> known_;
};

}  // namespace ranvier
