"""What the template of a questionnaire needs beside the form."""

from django import template

from access_portal.questionnaires import browser_rules

register = template.Library()


@register.simple_tag
def sentences() -> str:
    """What the browser may say while one types."""
    return browser_rules.sentences()
