package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Role is what a caller may do. Each may do all that those before it may.
type Role int

// The roles.
const (
	Nobody Role = iota // nothing
	User               // score, list, describe
	Admin              // deploy, download, undeploy
)

// Tokens gives roles by bearer tokens, from the header Authorization or the cookie token. Without a user token everybody
// is User. Without an admin token the local host is Admin: the socket's address counts, never a header that a proxy or
// the caller can set, and a request that a foreign web page makes its reader's browser send does not count as local.
func Tokens(user, admin string) func(*http.Request) Role {
	userHash, adminHash := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(admin))
	return func(r *http.Request) Role {
		role := Nobody
		if user == "" {
			role = User
		}
		if admin == "" && isLocal(r) {
			return Admin
		}
		for _, token := range callerTokens(r) {
			hash := sha256.Sum256([]byte(token))
			isAdmin := subtle.ConstantTimeCompare(hash[:], adminHash[:]) == 1 && admin != ""
			isUser := subtle.ConstantTimeCompare(hash[:], userHash[:]) == 1 && user != ""
			switch {
			case isAdmin:
				role = Admin
			case isUser:
				role = max(role, User)
			}
		}
		return role
	}
}

func callerTokens(r *http.Request) []string {
	var tokens []string
	for _, header := range r.Header.Values("Authorization") {
		scheme, token, found := strings.Cut(header, " ")
		if found && strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	if r.Header["Cookie"] != nil {
		for _, cookie := range r.CookiesNamed("token") {
			tokens = append(tokens, cookie.Value)
		}
	}
	return tokens
}

// isLocal says whether somebody at this machine sent the request. A page in a local browser could send one, too: by its
// own address (then its Origin differs, or Sec-Fetch-Site says so) or by a name of its own that it points at this
// machine (then Host is not local).
func isLocal(r *http.Request) bool {
	if !isLoopback(r.RemoteAddr) || !isLocalHost(r.Host) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && strings.EqualFold(page.Host, r.Host)
}

func isLocalHost(host string) bool {
	return host == "" || strings.EqualFold(hostOnly(host), "localhost") || isLoopback(host)
}

// isLoopback says whether address, with or without a port, is of the loopback interface.
func isLoopback(address string) bool {
	ip, err := netip.ParseAddr(hostOnly(address))
	return err == nil && ip.Unmap().IsLoopback()
}

func hostOnly(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
