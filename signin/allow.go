package signin

import (
	"slices"
	"strings"

	"roomkey/meet"
)

// Allow says who of those whom a provider knows may come in. The zero value is nobody. A
// person must be named by an address or a domain where there are any, and by a group
// where there are any.
type Allow struct {
	Anyone  bool     // everybody whom the provider knows
	Domains []string // of e-mail addresses that the provider has verified
	Emails  []string // such addresses themselves
	Groups  []string
}

// claims are what a provider says of a person.
type claims map[string]any

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

// find gives the claim of a name. If there is none, dots in the name lead into objects,
// as in realm_access.roles.
func (c claims) find(name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	first, rest, ok := strings.Cut(name, ".")
	if inner, isObject := c[first].(map[string]any); ok && isObject {
		return claims(inner).find(rest)
	}
	return nil
}

// words gives a claim that is a word or a list of words.
func (c claims) words(name string) []string {
	switch value := c.find(name).(type) {
	case string:
		return []string{value}
	case []any:
		var words []string
		for _, item := range value {
			if word, ok := item.(string); ok {
				words = append(words, word)
			}
		}
		return words
	}
	return nil
}

// isVerified says whether the provider has verified the e-mail address. Some write it as
// a word.
func (c claims) isVerified() bool {
	return c["email_verified"] == true || c["email_verified"] == "true"
}

// name gives what to call the person.
func (c claims) name() string {
	for _, claim := range []string{"name", "preferred_username", "email"} {
		if name := meet.CleanText(c.text(claim), meet.MaxDisplayName); name != "" {
			return name
		}
	}
	return ""
}

// fill adds what another answer of the provider says of the same person. An e-mail
// address and whether it is verified are from the same answer.
func (c claims) fill(more claims) {
	if c.text("email") == "" {
		delete(c, "email_verified")
	} else {
		delete(more, "email_verified")
	}
	for name, value := range more {
		if _, ok := c[name]; !ok || name == "email" && c.text("email") == "" {
			c[name] = value
		}
	}
}

// needs gives the claims without which nobody is let in, or named.
func (p *provider) needs() []string {
	needs := []string{"name"}
	if len(p.Allow.Domains) > 0 || len(p.Allow.Emails) > 0 {
		needs = append(needs, "email", "email_verified")
	}
	if len(p.Allow.Groups) > 0 {
		needs = append(needs, p.GroupsClaim)
	}
	if p.RoleClaim != "" {
		needs = append(needs, p.RoleClaim)
	}
	return needs
}

// refuse says why a person may not come in; empty if they may.
func (p *provider) refuse(c claims) (problem string) {
	a, email := p.Allow, asciiLower(c.text("email"))
	byEmail, byGroup := len(a.Domains) > 0 || len(a.Emails) > 0, len(a.Groups) > 0
	_, domain, _ := cutLast(email, "@")
	is := func(word string) func(string) bool {
		return func(listed string) bool { return word != "" && asciiLower(listed) == word }
	}
	who := "somebody"
	if email != "" {
		who = meet.CleanText(c.text("email"), meet.MaxDisplayName)
	} else if name := c.name(); name != "" {
		who = name
	}
	you := "You have signed in at " + p.Name + " as " + who
	const ask = " Sign in with another account, or ask the person who runs this server."
	switch {
	case !byEmail && !byGroup && !a.Anyone:
		return you + ", but this server lets nobody in by it." + ask
	case byEmail && email == "":
		return you + ", but " + p.Name + " does not tell your e-mail address, and this server lets people in by it." + ask
	case byEmail && !slices.ContainsFunc(a.Emails, is(email)) && !slices.ContainsFunc(a.Domains, is(domain)):
		return you + ", but this server does not let that address in." + ask
	case byEmail && !c.isVerified():
		return you + ", but " + p.Name + " has not verified that address. Verify it there, then try again."
	case byGroup && !slices.ContainsFunc(a.Groups, isOneOf(c.words(p.GroupsClaim))):
		return you + ", but you are in none of the groups that this server lets in." + ask
	}
	return ""
}

func isOneOf(words []string) func(string) bool {
	return func(word string) bool { return slices.Contains(words, word) }
}

// asciiLower gives text in lower case, or nothing if it has other than ASCII, which may
// look like something else.
func asciiLower(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return strings.ToLower(text)
}

func cutLast(text, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// role gives the role of a person: of the words in the claim the one that may most, and
// the least role where none is known.
func (p *provider) role(c claims) meet.PrincipalRole {
	if p.RoleClaim == "" {
		return p.Role
	}
	words := c.words(p.RoleClaim)
	for _, role := range []meet.PrincipalRole{meet.Superadmin, meet.User} {
		if slices.Contains(words, string(role)) {
			return role
		}
	}
	return meet.Guest
}
