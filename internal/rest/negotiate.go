package rest

import (
	"mime"
	"strconv"
	"strings"
)

const problemType = "application/problem+json"

// A preference is an entry of Accept or Accept-Encoding.
type preference struct {
	name string // in small letters, without parameters
	q    float64
}

// preferences reads a header of comma-separated entries; those that cannot be read are passed over.
func preferences(header []string) []preference {
	var all []preference
	for _, line := range header {
		for entry := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(entry, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				continue
			}
			all = append(all, preference{name, quality(parameters)})
		}
	}
	return all
}

func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0) || q > 1 {
			return 1
		}
		return q
	}
	return 1
}

// choose gives the media type among produces that an Accept header prefers, the first of equals; empty if none will do.
// problem says that the header names problem+json, which will do for any answer, though only errors use it.
func choose(header, produces []string) (mediaType string, problem bool) {
	if len(header) == 0 || len(produces) == 0 {
		return first(produces), false
	}
	accepted := preferences(header)
	if len(accepted) == 0 {
		return first(produces), false
	}
	best := 0.0
	for _, candidate := range produces {
		if q := mediaQuality(accepted, candidate); q > best {
			best, mediaType = q, candidate
		}
	}
	for _, p := range accepted {
		problem = problem || p.name == problemType && p.q > 0
	}
	if problem && mediaType == "" {
		mediaType = produces[0]
	}
	return mediaType, problem
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// mediaQuality is the q of the most specific entry that fits.
func mediaQuality(accepted []preference, mediaType string) float64 {
	main, _, _ := strings.Cut(mediaType, "/")
	q, specific := 0.0, 0
	for _, p := range accepted {
		level := 0
		switch p.name {
		case mediaType:
			level = 3
		case main + "/*":
			level = 2
		case "*/*", "*":
			level = 1
		}
		if level > specific || level == specific && level > 0 && p.q > q {
			q, specific = p.q, level
		}
	}
	return q
}

// chooseEncoding gives the Content-Encoding that an Accept-Encoding header prefers: gzip, deflate, or none. Only what it
// names is used: * is no wish.
func chooseEncoding(header []string) string {
	if len(header) == 0 {
		return ""
	}
	best, encoding, identity := 0.0, "", 0.0
	for _, p := range preferences(header) {
		name := strings.TrimPrefix(p.name, "x-")
		switch name {
		case "identity":
			identity = p.q
		case "gzip", "deflate":
			if p.q > best || p.q == best && p.q > 0 && name == "gzip" {
				best, encoding = p.q, name
			}
		}
	}
	if identity > best {
		return ""
	}
	return encoding
}

// mediaTypeOf gives the media type of a Content-Type and its parameters. Faulty parameters are passed over.
func mediaTypeOf(contentType string) (string, map[string]string) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil && mediaType == "" {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	return mediaType, parameters
}
