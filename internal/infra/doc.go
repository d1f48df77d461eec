// Package infra holds the tests of the templates: that template.yaml has every route, right, variable and event source
// that the code relies on, and no right that it does not need.
package infra
