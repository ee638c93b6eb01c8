from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesCheckboxFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from eventhub.admin.model_admin import RefusableModelForm, ScopedModelAdmin
from events.models import Tag
from events.services import tags


class TagForm(RefusableModelForm):
    fields_of_codes: ClassVar = {"tag_exists": "name"}
    into = forms.ModelChoiceField(
        label="Merge into",
        queryset=Tag.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Its events get the other tag, and this one is deleted.",
    )

    class Meta:
        model = Tag
        fields = ("name", "kind")
        help_texts: ClassVar = {
            "name": "Links that filter by it contain the name, and change with it.",
            "kind": "Categories stay in the list without any event.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "into" in self.fields:
            self.fields["into"].queryset = Tag.objects.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]


@admin.register(Tag)
class TagAdmin(ScopedModelAdmin):
    resource = "tag"
    rights: ClassVar = {"view": "update", "add": "create", "change": "update", "delete": "destroy"}
    form = TagForm
    actions = None
    list_display = ("name", "kind", "slug", "events")
    list_filter: ClassVar = (("kind", ChoicesCheckboxFilter),)
    search_fields = ("name",)
    search_help_text = "Search by name"
    ordering = ("name", "id")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).annotate(used=Count("event_tags"))  # type: ignore[no-any-return]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "kind") if obj is None else ("name", "kind", "into")

    @display(description="events")  # type: ignore[untyped-decorator]
    def events(self, tag: Tag) -> int:
        return tag.used  # type: ignore[attr-defined, no-any-return]

    def save_model(self, request: HttpRequest, obj: Tag, form: TagForm, change: bool) -> None:
        tags.save_tag(obj, name=form.cleaned_data["name"], kind=form.cleaned_data["kind"])
        if into := form.cleaned_data.get("into"):
            tags.merge_tags(Tag.objects.get(pk=obj.pk), into=into)

    def response_change(self, request: HttpRequest, obj: Tag) -> HttpResponse:
        into = request.POST.get("into")
        if not into:
            return super().response_change(request, obj)  # type: ignore[no-any-return]
        messages.success(request, f"“{obj}” was merged.")
        return HttpResponseRedirect(reverse("admin:events_tag_change", args=[into]))
