#include "ranvier/config.hpp"

#include <algorithm>
#include <type_traits>

#include "runtime/error.hpp"

namespace ranvier {

namespace {

// Numbers convert where nothing is lost: an integer is a valid real, a boolean is neither.
template <class R>
bool convert(const ConfigValue& value, R& result) {
  if (const R* exact = std::get_if<R>(&value)) {
    result = *exact;
    return true;
  }
  if constexpr (std::is_same_v<R, double>) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      result = static_cast<double>(*whole);
      return true;
    }
  }
  if constexpr (std::is_same_v<R, std::vector<double>>) {
    if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&value)) {
      result.assign(whole->begin(), whole->end());
      return true;
    }
  }
  return false;
}

}  // namespace

template <class R>
R Config::read(const std::string& key, const R* fallback, const char* wanted) {
  known_.push_back(key);
  const auto found = values_.find(key);
  const bool absent = found == values_.end() || std::holds_alternative<std::monostate>(found->second);
  if (absent && fallback) return *fallback;
  R result;
  if (absent || !convert(found->second, result))
    throw std::invalid_argument("'" + key + "' must be " + wanted + (absent ? ", but is missing" : ""));
  return result;
}

bool Config::has(const std::string& key) {
  known_.push_back(key);
  const auto found = values_.find(key);
  return found != values_.end() && !std::holds_alternative<std::monostate>(found->second);
}

bool Config::boolean(const std::string& key, bool fallback) { return read<bool>(key, &fallback, "True or False"); }
std::int64_t Config::integer(const std::string& key) { return read<std::int64_t>(key, nullptr, "an integer"); }
std::int64_t Config::integer(const std::string& key, std::int64_t fallback) {
  return read<std::int64_t>(key, &fallback, "an integer");
}
double Config::number(const std::string& key) { return read<double>(key, nullptr, "a number"); }
double Config::number(const std::string& key, double fallback) { return read<double>(key, &fallback, "a number"); }
std::string Config::word(const std::string& key) { return read<std::string>(key, nullptr, "a string"); }
std::string Config::word(const std::string& key, const std::string& fallback) {
  return read<std::string>(key, &fallback, "a string");
}
std::vector<std::int64_t> Config::integers(const std::string& key) {
  return read<std::vector<std::int64_t>>(key, nullptr, "a list of integers");
}
std::vector<double> Config::numbers(const std::string& key) {
  const std::vector<double> none;
  return read<std::vector<double>>(key, &none, "a list of numbers");
}

void Config::finish(const std::string& owner) const {
  for (const auto& [key, value] : values_)
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      fail(owner, unknown_name("argument", key, known_));
}

}  // namespace ranvier
